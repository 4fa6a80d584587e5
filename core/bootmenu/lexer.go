package bootmenu

import "strings"

// nameBytes can be in the name of a variable.
const nameBytes = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_?@*#"

// token is a word of GRUB's language, or a character that ends one: "\n" (also
// for ";"), "{", "}", or one of "|&<>".
type token struct {
	raw   string // as it stands in the text, but for broken lines
	value string // without quotes; variables are left
	word  bool
	start int // where it begins in the text
}

// lexer splits a GRUB script into tokens, with the rules of GRUB's own: quotes
// as in a shell, "$" keeps what follows in braces together.
type lexer struct {
	text       string
	at         int
	raw, value strings.Builder
}

// next returns the next token; false at the end.
func (l *lexer) next() (token, bool) {
	l.skip()
	if l.at >= len(l.text) {
		return token{}, false
	}
	start := l.at
	if c := l.text[l.at]; strings.IndexByte("\n;{}|&<>", c) >= 0 {
		l.at++
		if c == ';' {
			c = '\n'
		}
		return token{raw: string(c), start: start}, true
	}
	l.raw.Reset()
	l.value.Reset()
	for l.at < len(l.text) && strings.IndexByte(" \t\n;{}|&<>", l.text[l.at]) < 0 {
		l.piece()
	}
	return token{raw: l.raw.String(), value: l.value.String(), word: true, start: start}, true
}

// skip passes blanks, broken lines, and a comment up to its line end.
func (l *lexer) skip() {
	for l.at < len(l.text) {
		switch rest := l.text[l.at:]; {
		case rest[0] == ' ' || rest[0] == '\t':
			l.at++
		case strings.HasPrefix(rest, "\\\n"):
			l.at += 2
		case rest[0] == '#':
			l.at += len(line(rest))
		default:
			return
		}
	}
}

// piece takes the next part of a word.
func (l *lexer) piece() {
	switch rest := l.text[l.at:]; {
	case strings.HasPrefix(rest, "\\\n"):
		l.at += 2
	case rest[0] == '\\' && len(rest) > 1:
		l.take(rest[:2], rest[1:2])
	case strings.HasPrefix(rest, "${"):
		n := 2 + len(rest[2:]) - len(strings.TrimLeft(rest[2:], nameBytes))
		if n < len(rest) && rest[n] == '}' {
			n++
		}
		l.take(rest[:n], rest[:n])
	case strings.HasPrefix(rest, `$"`): // a text that GRUB translates
		l.quoted(`$"`)
	case rest[0] == '"' || rest[0] == '\'':
		l.quoted(rest[:1])
	default:
		l.take(rest[:1], rest[:1])
	}
}

// quoted takes a part in quotes, to the end of the text if they stay open.
func (l *lexer) quoted(open string) {
	quote := open[len(open)-1]
	i := l.at + len(open)
	var value strings.Builder
	for ; i < len(l.text) && l.text[i] != quote; i++ {
		if escaped := quote == '"' && l.text[i] == '\\' && i+1 < len(l.text); escaped {
			if i++; l.text[i] == '\n' {
				continue
			} else if strings.IndexByte(`"\$`, l.text[i]) < 0 {
				value.WriteByte('\\')
			}
		}
		value.WriteByte(l.text[i])
	}
	l.take(l.text[l.at:min(i+1, len(l.text))], value.String())
}

func (l *lexer) take(raw, value string) {
	l.raw.WriteString(raw)
	l.value.WriteString(value)
	l.at += len(raw)
}

// line is what is before the first line end.
func line(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}
