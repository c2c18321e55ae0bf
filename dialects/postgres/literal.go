package postgres

import (
	"encoding/hex"
	"encoding/json"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/adkgen/adkgen/dialects"
)

var (
	dayText      = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})$`)
	clockText    = regexp.MustCompile(`^(\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?$`)
	zoneText     = regexp.MustCompile(`^(.*?) ?(Z|z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?)$`)
	macText      = regexp.MustCompile(`^([0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}$`)
	mac8Text     = regexp.MustCompile(`^([0-9a-fA-F]{2}[:-]){5,7}[0-9a-fA-F]{2}$`)
	lsnText      = regexp.MustCompile(`^[0-9a-fA-F]{1,8}/[0-9a-fA-F]{1,8}$`)
	moneyText    = regexp.MustCompile(`^-?\$?\d+(\.\d+)?$`)
	pointText    = regexp.MustCompile(`^\s*\(?\s*[-+]?[\d.]+\s*,\s*[-+]?[\d.]+\s*\)?\s*$`)
	escapedText  = regexp.MustCompile(`^([^\\]|\\\\|\\[0-3][0-7]{2})*$`)                                                                                                                                                                                                                  // 8.4.2 bytea Escape Format
	intervalText = regexp.MustCompile(`(?i)^(@ ?)?([-+]?\d+(\.\d+)? ?((micro|milli)?seconds?|secs?|minutes?|mins?|hours?|days?|weeks?|months?|mons?|years?|decades?|century|centuries|millennium|millennia|[smhdwy])? *)*([-+]?\d+:\d{2}(:\d{2}(\.\d+)?)?)?( ago)?$|^P[0-9YMWDTHS.,-]+$`) // 8.5.4
	offsetText   = regexp.MustCompile(`^[+-](\d{1,2})(?::?(\d{2}))?$`)
	elementText  = regexp.MustCompile(`^\s*(?:"([^"]*)"|([^"\s,][^",]*?))\s*(,|$)`)
	bitText      = regexp.MustCompile(`^[bB]?[01]*$|^[xX][0-9a-fA-F]*$`)
)

// checkText refuses a text that is no value of a type, as its input function
// does when the table is created (errors 22P02, 22007, 22008, 22003). Of dates
// and times it takes the forms of ISO 8601 alone: the others depend on the
// server's settings, and 'now' would be the time at which the table is created.
func checkText(kind, text string) dialects.Refusal {
	trimmed := strings.TrimSpace(text)
	fits, example := true, ""
	switch kind {
	case "int2", "int4", "int8":
		_, err := strconv.ParseInt(strings.TrimPrefix(trimmed, "+"), 10, map[string]int{"int2": 16, "int4": 32, "int8": 64}[kind])
		fits, example = err == nil, "0"
	case "float4", "float8", "numeric":
		bits := 64
		if kind == "float4" {
			bits = 32
		}
		value, err := strconv.ParseFloat(trimmed, bits)
		fits, example = (err == nil || kind == "numeric" && value != 0) && !strings.ContainsAny(trimmed, "xXpP_"), "0"
	case "date":
		rest, zone := cutZone(trimmed)
		day, clock, timed := cutClock(rest)
		fits, example = isDay(day) && (!timed || isClock(clock)) && isZone(zone), "'2026-01-31'"
	case "timestamp", "timestamptz":
		rest, zone := cutZone(trimmed)
		day, clock, timed := cutClock(rest)
		fits, example = isDay(day) && (!timed || isClock(clock)) && isZone(zone), "'2026-01-31 12:00:00'"
	case "time", "timetz":
		rest, zone := cutZone(trimmed)
		fits, example = isClock(rest) && isZone(zone), "'12:00'"
	case "json", "jsonb":
		fits, example = json.Valid([]byte(text)) && !(kind == "jsonb" && strings.Contains(text, `\u0000`)), "'{}'"
	case "inet", "cidr":
		address, addressErr := netip.ParseAddr(trimmed)
		prefix, prefixErr := netip.ParsePrefix(trimmed)
		fits, example = addressErr == nil && address.Zone() == "" || prefixErr == nil && (kind == "inet" || prefix == prefix.Masked()), "'127.0.0.1'"
	case "bytea":
		if digits, isHex := strings.CutPrefix(text, `\x`); isHex {
			_, err := hex.DecodeString(strings.Join(strings.Fields(digits), ""))
			fits, example = err == nil, `'\x00ff'`
		} else {
			fits, example = escapedText.MatchString(text), `'\x00ff'`
		}
	case "bit", "varbit":
		fits, example = bitText.MatchString(text), "B'101'"
	case "macaddr":
		fits, example = macText.MatchString(trimmed), "'08:00:2b:01:02:03'"
	case "macaddr8":
		fits, example = mac8Text.MatchString(trimmed), "'08:00:2b:01:02:03:04:05'"
	case "pg_lsn":
		fits, example = lsnText.MatchString(text), "'0/0'"
	case "money":
		fits, example = moneyText.MatchString(trimmed), "0"
	case "point":
		fits, example = pointText.MatchString(trimmed), "'(0,0)'"
	case "uuid":
		return dialects.CheckLiteral(dialects.ClassUUID, "UUID", dialects.Literal{Kind: dialects.LiteralText, Text: text})
	case "bool":
		return dialects.CheckLiteral(dialects.ClassBoolean, "BOOLEAN", dialects.Literal{Kind: dialects.LiteralText, Text: trimmed})
	case "array":
		_, isArray := arrayElements(text)
		fits, example = isArray, "'{}'"
	case "interval":
		fits, example = intervalText.MatchString(trimmed) && strings.ContainsAny(trimmed, "0123456789"), "'1 day'"
	case "xml":
		fits, example = !strings.ContainsAny(text, "<&") || strings.HasPrefix(trimmed, "<") && strings.HasSuffix(trimmed, "/>"), "'<a/>'"
	}
	if fits {
		return dialects.Refusal{}
	}
	return dialects.Refusal{Message: "'" + text + "' is not a value of type " + shownType(kind), Hint: "write a value such as " + example}
}

// cutZone cuts a time zone off the end of a time. A day has none.
func cutZone(text string) (rest, zone string) {
	if m := zoneText.FindStringSubmatch(text); m != nil && strings.Contains(m[1], ":") {
		return m[1], m[2]
	}
	return text, ""
}

// isZone reports whether a zone that cutZone has found is less than 16 hours from
// UTC (error 22009).
func isZone(zone string) bool {
	m := offsetText.FindStringSubmatch(zone)
	if m == nil {
		return true // UTC, or none
	}
	hours, _ := strconv.Atoi(m[1])
	minutes, _ := strconv.Atoi(m[2])
	return hours < 16 && minutes < 60
}

// arrayElements gives the values in the text of an array (8.15.2 Array Value
// Input), but for NULL, and reports whether it is one. The values of an array of
// arrays are not looked at.
func arrayElements(text string) (elements []string, ok bool) {
	inside := strings.TrimSpace(text)
	if bounds, rest, found := strings.Cut(inside, "="); found && strings.HasPrefix(bounds, "[") { // as in '[0:1]={1,2}' (8.15.6)
		inside = strings.TrimSpace(rest)
	}
	if len(inside) < 2 || inside[0] != '{' || inside[len(inside)-1] != '}' {
		return nil, false
	}
	inside = inside[1 : len(inside)-1]
	if strings.TrimSpace(inside) == "" || strings.ContainsAny(inside, `{}\`) {
		return nil, true
	}
	for {
		m := elementText.FindStringSubmatch(inside)
		switch {
		case m == nil:
			return nil, false
		case m[2] == "": // in quotes
			elements = append(elements, m[1])
		case !strings.EqualFold(m[2], "NULL"):
			elements = append(elements, m[2])
		}
		if m[3] == "" {
			return elements, true
		}
		inside = inside[len(m[0]):]
	}
}

// cutClock cuts a text between its day and its time.
func cutClock(text string) (day, clock string, timed bool) {
	if i := strings.IndexAny(text, " T"); i >= 0 {
		return text[:i], strings.TrimSpace(text[i+1:]), true
	}
	return text, "", false
}

// isDay reports whether a text is a day that the calendar has.
func isDay(text string) bool {
	m := dayText.FindStringSubmatch(text)
	if m == nil {
		return false
	}
	_, err := time.Parse("2006-1-2", m[1]+"-"+strings.TrimPrefix(m[2], "0")+"-"+strings.TrimPrefix(m[3], "0"))
	return err == nil && m[1] != "0000"
}

// isClock reports whether a text is a time of day: 24:00 is the last.
func isClock(text string) bool {
	m := clockText.FindStringSubmatch(text)
	if m == nil {
		return false
	}
	hours, _ := strconv.Atoi(m[1])
	minutes, _ := strconv.Atoi(m[2])
	seconds, _ := strconv.Atoi(m[3])
	fraction := strings.Trim(m[4], ".0") != ""
	return hours < 24 && minutes < 60 && seconds <= 60 || hours == 24 && minutes == 0 && seconds == 0 && !fraction
}
