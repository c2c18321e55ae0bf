package generator
import ("testing";"strings";"time")
func TestLin(t *testing.T){
 for _, name := range DialectNames {
  for _, text := range []string{"/*", "/* ", "'", "\"", "--", "$$", "$a$", "(", "q'[", "`", "N'", "E'", "/*!", "BEGIN ", ";", "/**/", "[" , "\\", "CREATE TABLE a (", "-- +goose StatementBegin\n"} {
   var last time.Duration
   for _, n := range []int{1<<14, 1<<16} {
    d, _ := NewDialect(name, DialectOptions{})
    files := disk{"host/1.sql": strings.Repeat(text, n/len(text))}
    s := time.Now()
    _, err := ReadHost(d, files.input(""), []string{"host"})
    e := time.Since(s)
    if n > 1<<14 && e > 50*time.Millisecond { t.Logf("%s %q: %v then %v (x%.1f) %v", name, text, last, e, float64(e)/float64(last), err) }
    last = e
   }
  }
 }
}
