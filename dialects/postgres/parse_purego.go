//go:build !cgo

package postgres

// PostgreSQL's grammar in pure Go: the same tree as parse_cgo.go, for builds
// without a C compiler.

import (
	pg_query "github.com/sqlc-dev/oliphant"
	"github.com/sqlc-dev/oliphant/parser"
)

type (
	node        = pg_query.Node
	columnDef   = pg_query.ColumnDef
	constraint  = pg_query.Constraint
	constrType  = pg_query.ConstrType
	typeName    = pg_query.TypeName
	createStmt  = pg_query.CreateStmt
	parseResult = pg_query.ParseResult
	scanToken   = pg_query.ScanToken
	parseError  = parser.Error
)

var (
	parse = pg_query.Parse
	scan  = pg_query.Scan
)

const (
	usesC = false

	tokenSQLComment = pg_query.Token_SQL_COMMENT
	tokenCComment   = pg_query.Token_C_COMMENT
	tokenParam      = pg_query.Token_PARAM
	tokenOpen       = pg_query.Token_ASCII_40
	tokenClose      = pg_query.Token_ASCII_41
	tokenComma      = pg_query.Token_ASCII_44
	tokenSemicolon  = pg_query.Token_ASCII_59

	keywordReserved     = pg_query.KeywordKind_RESERVED_KEYWORD
	keywordColumnName   = pg_query.KeywordKind_COL_NAME_KEYWORD
	keywordTypeFuncName = pg_query.KeywordKind_TYPE_FUNC_NAME_KEYWORD

	constrNull         = pg_query.ConstrType_CONSTR_NULL
	constrNotNull      = pg_query.ConstrType_CONSTR_NOTNULL
	constrDefault      = pg_query.ConstrType_CONSTR_DEFAULT
	constrIdentity     = pg_query.ConstrType_CONSTR_IDENTITY
	constrGenerated    = pg_query.ConstrType_CONSTR_GENERATED
	constrCheck        = pg_query.ConstrType_CONSTR_CHECK
	constrPrimary      = pg_query.ConstrType_CONSTR_PRIMARY
	constrUnique       = pg_query.ConstrType_CONSTR_UNIQUE
	constrForeign      = pg_query.ConstrType_CONSTR_FOREIGN
	constrDeferrable   = pg_query.ConstrType_CONSTR_ATTR_DEFERRABLE
	constrNotDeferr    = pg_query.ConstrType_CONSTR_ATTR_NOT_DEFERRABLE
	constrDeferred     = pg_query.ConstrType_CONSTR_ATTR_DEFERRED
	constrImmediate    = pg_query.ConstrType_CONSTR_ATTR_IMMEDIATE
	aExprOp            = pg_query.A_Expr_Kind_AEXPR_OP
	onCommitNothing    = pg_query.OnCommitAction_ONCOMMIT_NOOP
	onCommitUnassigned = pg_query.OnCommitAction_ON_COMMIT_ACTION_UNDEFINED
)
