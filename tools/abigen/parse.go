package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// header is what aecsad.h declares, in its order.
type header struct {
	constants []constant
	aliases   map[string]string // typedef name -> integer type
	structs   []structure
	opaque    map[string]bool
	callbacks []function // pointer types, by their typedef name
	functions []function
}

type constant struct {
	name  string
	value int
}

type structure struct {
	name   string
	fields []variable
}

type function struct {
	name, result string
	parameters   []variable
}

// variable is a field or a parameter: base type, number of pointers to it,
// length of an array (0: none).
type variable struct {
	name, base string
	constant   bool // the base is const
	pointers   int
	length     int
}

var (
	comments   = regexp.MustCompile(`(?s)/\*.*?\*/`)
	defines    = regexp.MustCompile(`^#define (AECSAD_[A-Z0-9_]+) (\d+)$`)
	aliasRule  = regexp.MustCompile(`^typedef (u?int\d+_t) (\w+)$`)
	opaqueRule = regexp.MustCompile(`^typedef struct (\w+) (\w+)$`)
	structRule = regexp.MustCompile(`^typedef struct (\w+) \{(.*)\} (\w+)$`)
	enumRule   = regexp.MustCompile(`^enum \{(.*)\}$`)
	callRule   = regexp.MustCompile(`^typedef void \(\*(\w+)\)\((.*)\)$`)
	funcRule   = regexp.MustCompile(`^AECSAD_API (.*?)(aecsad_\w+)\((.*)\)$`)
	declRule   = regexp.MustCompile(`^(const )?(?:struct )?(\w+) ?((?:\* ?(?:const ?)?)*) ?(\w+)?(?:\[(\w+)\])?$`)
)

// parse understands the subset of C that aecsad.h is written in and returns an
// error for anything else.
func parse(src string) (*header, error) {
	h := &header{aliases: map[string]string{}, opaque: map[string]bool{}}
	var code strings.Builder
	for _, line := range strings.Split(comments.ReplaceAllString(src, ""), "\n") {
		line = strings.TrimSpace(line)
		if m := defines.FindStringSubmatch(line); m != nil {
			if err := h.constant(m[1], m[2]); err != nil {
				return nil, err
			}
		}
		if !strings.HasPrefix(line, "#") && line != `extern "C" {` && line != "}" {
			code.WriteString(line + " ")
		}
	}
	for _, s := range statements(code.String()) {
		if err := h.statement(s); err != nil {
			return nil, fmt.Errorf("%q: %w", s, err)
		}
	}
	return h, nil
}

// statements splits at the semicolons outside of braces and collapses spaces.
func statements(code string) []string {
	var out []string
	depth, start := 0, 0
	for i, c := range code {
		switch {
		case c == '{':
			depth++
		case c == '}':
			depth--
		case c == ';' && depth == 0:
			out = append(out, strings.Join(strings.Fields(code[start:i]), " "))
			start = i + 1
		}
	}
	return out
}

func (h *header) constant(name, value string) error {
	v, err := strconv.Atoi(value)
	if err != nil {
		return fmt.Errorf("%s is %q, expected a number", name, value)
	}
	h.constants = append(h.constants, constant{name, v})
	return nil
}

func (h *header) statement(s string) error {
	if m := aliasRule.FindStringSubmatch(s); m != nil {
		h.aliases[m[2]] = m[1]
		return nil
	}
	if m := opaqueRule.FindStringSubmatch(s); m != nil && m[1] == m[2] {
		h.opaque[m[1]] = true
		return nil
	}
	if m := structRule.FindStringSubmatch(s); m != nil && m[1] == m[3] {
		fields, err := h.variables(m[2], ";")
		h.structs = append(h.structs, structure{m[1], fields})
		return err
	}
	if m := enumRule.FindStringSubmatch(s); m != nil {
		for _, item := range strings.Split(m[1], ",") {
			name, value, _ := strings.Cut(item, "=")
			if err := h.constant(strings.TrimSpace(name), strings.TrimSpace(value)); err != nil {
				return err
			}
		}
		return nil
	}
	if m := callRule.FindStringSubmatch(s); m != nil {
		parameters, err := h.variables(m[2], ",")
		h.callbacks = append(h.callbacks, function{m[1], "void", parameters})
		return err
	}
	if m := funcRule.FindStringSubmatch(s); m != nil {
		parameters, err := h.variables(m[3], ",")
		h.functions = append(h.functions, function{m[2], strings.TrimSpace(m[1]), parameters})
		return err
	}
	return fmt.Errorf("not a declaration that abigen knows")
}

func (h *header) variables(list, separator string) ([]variable, error) {
	var out []variable
	for _, item := range strings.Split(list, separator) {
		item = strings.TrimSpace(item)
		if item == "" || item == "void" {
			continue
		}
		m := declRule.FindStringSubmatch(item)
		if m == nil {
			return nil, fmt.Errorf("%q is not a type and a name", item)
		}
		v := variable{name: m[4], base: m[2], constant: m[1] != "", pointers: strings.Count(m[3], "*")}
		if m[5] != "" {
			n, err := h.length(m[5])
			if err != nil {
				return nil, err
			}
			v.length = n
		}
		out = append(out, v)
	}
	return out, nil
}

func (h *header) length(s string) (int, error) {
	for _, c := range h.constants {
		if c.name == s {
			return c.value, nil
		}
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, fmt.Errorf("%q is not an array length", s)
	}
	return n, nil
}
