package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func page(lines ...string) string { return strings.ReplaceAll(strings.Join(lines, "\n"), "'''", fence) }

func TestParse(t *testing.T) {
	blocks, err := parse("p.md", page("text", "'''c a.c", "int a;", "", "int b;", "'''", "'''sh source exit=3 needs=cmake", "cc a.c", "'''",
		"'''output", "1", "'''"))
	require.NoError(t, err)
	assert.Equal(t, []block{
		{line: 2, kind: kindFile, file: "a.c", text: "int a;\n\nint b;\n"},
		{line: 7, kind: kindShell, source: true, exit: 3, needs: "cmake", text: "cc a.c\n"},
		{line: 10, kind: kindOutput, text: "1\n"},
	}, blocks)
}

// A block that would be neither run nor compared is an error.
func TestNoBlockIsLeftOut(t *testing.T) {
	for _, c := range []struct{ page, words string }{
		{page("'''", "x", "'''"), "p.md:1: the block has no kind"},
		{page("", "'''python", "x", "'''"), `p.md:2: block "python"`},
		{page("'''sh", "x"), "p.md:1: the block has no end"},
		{page("'''sh sorce", "x", "'''"), `unknown option "sorce"`},
		{page("'''sh needs=luck", "x", "'''"), `unknown need "luck"`},
		{page("'''sh exit=no", "x", "'''"), "invalid syntax"},
		{page("'''output", "x", "'''"), "follows the commands"},
		{page("'''c a.c", "x", "'''", "'''output", "x", "'''", "'''sh", "cc a.c", "'''"), "follows the commands"},
		{page("'''sh", "cc a.c", "'''", "'''c a.c", "x", "'''"), "p.md:4: no later command of the page uses a.c"},
	} {
		_, err := parse("p.md", c.page)
		assert.ErrorContains(t, err, c.words)
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		wanted, got string
		same        bool
	}{
		{"a\nb\n", "a\nb\n", true},
		{"a\nb\n", "a\nb", true},
		{"a\nb\n", "a\n", false},
		{"a\n", "a\nb\n", false},
		{"a\n", "ab\n", false},
		{"score ... (p ...)\n", "score 1.5 (p 0.1)\n", true},
		{"score ... (p ...)\n", "score 1.5\n(p 0.1)\n", false},
		{"a\n...\nz\n", "a\nz\n", true},
		{"a\n...\nz\n", "a\nb\nc\nz\n", true},
		{"a\n...\nz\n", "a\nb\nc\n", false},
		{"1.5 (x|y)\n", "1.5 (x|y)\n", true},
		{"1.5\n", "125\n", false},
	} {
		assert.Equal(t, c.same, matches(c.wanted, c.got), "%q, %q", c.wanted, c.got)
	}
}
