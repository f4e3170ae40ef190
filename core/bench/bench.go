// Package bench times inference programs.
package bench
