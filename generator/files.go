package generator

// folder is the folder of adkgen.yaml, as it is read; see Input.
type folder struct {
	Read func(path string) ([]byte, error)
	List func(folder string) ([]string, error)
}

// State says what writing a file would do.
type State string

// File is one generated file.
type File struct {
	Path    string // from the folder of adkgen.yaml, with slashes
	Content []byte
	Before  []byte // what is there now; nil when nothing is
	State   State

	role fileRole
}

// fileRole says how a file that is there already is treated.
type fileRole int

// The states of a file.
const (
	Created   State = "created"
	Updated   State = "updated"
	Unchanged State = "unchanged"
	Removed   State = "removed" // its migration is planned again, under another name
)

const (
	roleGenerated fileRole = iota // rewritten, if adkgen wrote it
	roleMigration                 // never rewritten
	roleSQLC                      // rewritten if adkgen wrote it, else left alone
	roleSum                       // a hash of migrations, written anew
	roleLock
)
