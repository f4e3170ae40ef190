// Command capi is the C border of libaecsad, built with -buildmode=c-shared.
//
// A call passes three layers: shield.c has the functions of aecsad.h and keeps
// the host's threads and signals apart from Go's; exports.go is the same list in
// Go and turns panics and errors into statuses; package core/detect does the
// work. aecsad.h is written by hand and included by both sides, so that a
// difference in a type does not compile.
package main

//go:generate go run ../tools/abigen

// version is set by the build from the file VERSION.
var version = "development"

// main is never called in a shared library.
func main() {}
