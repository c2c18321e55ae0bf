package templates

import "strings"

// inBlocks gives what puts a statement between the lines of a block, where the tool
// would not find its end: goose and sql-migrate end one at a line whose last word has
// a ; behind it, and take a word with -- before it for the beginning of a comment,
// also in quotes (their endsWithSemicolon). A file is ours: a statement ends with a
// line, and no text in quotes has a line break in it.
func inBlocks(begin, end string) func(text string) string {
	return func(text string) string {
		var result, statement strings.Builder
		inBlock, cut := false, false
		for line := range strings.Lines(text) {
			switch words := strings.TrimSpace(line); {
			case line == begin, line == strings.TrimLeft(end, "\n"):
				inBlock = line == begin
				result.WriteString(line)
			case inBlock, statement.Len() == 0 && (words == "" || strings.HasPrefix(words, "--")):
				result.WriteString(line)
			default:
				statement.WriteString(line)
				ends := strings.HasSuffix(words, ";") && !strings.HasPrefix(words, "--")
				cut = cut || ends != endsForTool(words)
				if !ends {
					continue
				}
				if cut {
					result.WriteString(begin + statement.String() + end)
				} else {
					result.WriteString(statement.String())
				}
				statement.Reset()
				cut = false
			}
		}
		return result.String() + statement.String()
	}
}

// endsForTool reports whether the tools find the end of a statement in a line.
func endsForTool(line string) bool {
	last := ""
	for _, word := range strings.Fields(line) {
		if strings.HasPrefix(word, "--") {
			break
		}
		last = word
	}
	return strings.HasSuffix(last, ";")
}
