package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// block is a fenced block of a page. What follows the opening fence says what it
// is; docs/README.md explains it to writers.
type block struct {
	line   int // of the opening fence
	kind   kind
	text   string // ends with a newline
	file   string // kindFile: its name
	source bool   // kindShell: runs in the source folder
	exit   int    // kindShell: the expected exit code
	needs  string // kindShell: what the machine must have
}

type kind int

const (
	kindShell  kind = iota // commands
	kindFile               // a file of the reader's
	kindOutput             // what the commands before it print
)

const fence = "```"

func readPage(path string) ([]block, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return parse(path, string(b))
}

// parse returns the blocks of a page. Every block must be one that is run or
// compared, so that none is wrong unnoticed.
func parse(path, page string) ([]block, error) {
	var all []block
	var open *block
	for i, line := range strings.Split(page, "\n") {
		info, isFence := strings.CutPrefix(line, fence)
		switch {
		case !isFence && open != nil:
			open.text += line + "\n"
		case isFence && open != nil:
			all, open = append(all, *open), nil
		case isFence:
			b, err := newBlock(strings.Fields(info))
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", path, i+1, err)
			}
			b.line, open = i+1, &b
		}
	}
	if open != nil {
		return nil, fmt.Errorf("%s:%d: the block has no end", path, open.line)
	}
	return all, checkOrder(path, all)
}

func newBlock(words []string) (b block, err error) {
	if len(words) == 0 {
		return b, fmt.Errorf("the block has no kind; expected sh, output, or a language and a file name")
	}
	switch {
	case words[0] == "output" && len(words) == 1:
		b.kind = kindOutput
		return b, nil
	case words[0] == "sh":
		return b, b.options(words[1:])
	case len(words) == 2 && strings.Contains(words[1], ".") && !strings.Contains(words[1], "/"):
		b.kind, b.file = kindFile, words[1]
		return b, nil
	}
	return b, fmt.Errorf("block %q; expected sh, output, or a language and a file name", strings.Join(words, " "))
}

func (b *block) options(words []string) (err error) {
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "source":
			b.source = true
		case "exit":
			b.exit, err = strconv.Atoi(value)
		case "needs":
			b.needs = value
			if _, known := present[value]; !known {
				err = fmt.Errorf("unknown need %q", value)
			}
		default:
			err = fmt.Errorf("unknown option %q of sh; there are source, exit=CODE and needs=NAME", w)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkOrder refuses outputs of nothing and files that no later command uses.
func checkOrder(path string, all []block) error {
	for i, b := range all {
		if b.kind == kindOutput && (i == 0 || all[i-1].kind != kindShell) {
			return fmt.Errorf("%s:%d: an output block follows the commands that print it", path, b.line)
		}
		if b.kind != kindFile {
			continue
		}
		used := false
		for _, later := range all[i+1:] {
			used = used || later.kind == kindShell && strings.Contains(later.text, b.file)
		}
		if !used {
			return fmt.Errorf("%s:%d: no later command of the page uses %s", path, b.line, b.file)
		}
	}
	return nil
}

// matches compares what a command printed with a block of a page, in which ...
// is any text of a line and a line of ... any number of lines.
func matches(wanted, got string) bool {
	var pattern strings.Builder
	pattern.WriteString(`^`)
	for _, line := range strings.SplitAfter(strings.TrimRight(wanted, "\n")+"\n", "\n") {
		if line == "...\n" {
			pattern.WriteString(`(?:.*\n)*?`)
			continue
		}
		pattern.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), `\.\.\.`, `.*`))
	}
	pattern.WriteString(`$`)
	return regexp.MustCompile(pattern.String()).MatchString(strings.TrimRight(got, "\n") + "\n")
}
