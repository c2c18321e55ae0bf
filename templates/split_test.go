package templates

import "testing"

func TestInBlocks(t *testing.T) {
	begin, end := "-- +goose StatementBegin\n", "-- +goose StatementEnd\n"
	for _, c := range []struct{ name, text, want string }{
		{"plain", "-- +goose Up\n-- It's so; yes.\nSELECT 1;\n\nSELECT\n    -- why;\n    2;\n", ""},
		{"a block of its own", begin + "BEGIN\n    SELECT 'a -- b';\nEND;\n" + end, ""},
		{"a comment in a text hides the end", "SELECT 1;\nSELECT 'a -- b';\nSELECT 2;\n", "SELECT 1;\n" + begin + "SELECT 'a -- b';\n" + end + "SELECT 2;\n"},
		{"a ; in a text looks like the end", "SELECT\n    'a; -- b',\n    2;\n", begin + "SELECT\n    'a; -- b',\n    2;\n" + end},
		{"what is not ended stays", "SELECT 'a -- b'\n", ""},
	} {
		if c.want == "" {
			c.want = c.text
		}
		got := inBlocks(begin, end)(c.text)
		if got != c.want {
			t.Errorf("%s:\n%s\ninstead of\n%s", c.name, got, c.want)
		}
		if again := inBlocks(begin, end)(got); again != got {
			t.Errorf("%s, once more:\n%s", c.name, again)
		}
	}
}
