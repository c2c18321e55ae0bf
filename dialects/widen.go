package dialects

import (
	"regexp"
	"strconv"
)

// SizedType is a type as SQL, with its numbers in parentheses.
type SizedType struct {
	Name          string // with what follows the parentheses
	Length, Scale int    // 0 for none
}

var sizedType = regexp.MustCompile(`^([A-Za-z0-9_ ]+?)\((\d+)(?:, (-?\d+))?( [A-Z]+)?\)(.*)$`)

// ParseSized takes a type apart that a dialect has written.
func ParseSized(sql string) SizedType {
	m := sizedType.FindStringSubmatch(sql)
	if m == nil {
		return SizedType{Name: sql}
	}
	length, _ := strconv.Atoi(m[2]) // digits
	scale, _ := strconv.Atoi(m[3])  // digits, or nothing
	return SizedType{m[1] + m[4] + m[5], length, scale}
}

// Longer reports whether to is from with at least its length, and the same
// scale.
func (from SizedType) Longer(to SizedType) bool {
	return from.Name == to.Name && from.Scale == to.Scale && from.Length > 0 && to.Length >= from.Length
}
