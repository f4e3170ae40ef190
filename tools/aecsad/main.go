// Command aecsad trains, calibrates, evaluates and applies models that find
// structural and logical faults on photographed products. No step needs a
// network. One file per verb.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set by the build from the file VERSION.
var version = "development"

// Exit codes.
const (
	exitInput       = 2   // bad arguments, files, images or settings
	exitAnomalous   = 3   // inspect --fail found an anomalous image
	exitInterrupted = 130 // stopped by the user; a run can go on
)

type cli struct {
	Data      dataCommand      `cmd:"" help:"Make or check a data set."`
	Label     labelCommand     `cmd:"" help:"Find the components in the training images."`
	Train     trainCommand     `cmd:"" help:"Train the networks. Goes on from the run's checkpoint if there is one."`
	Calibrate calibrateCommand `cmd:"" help:"Measure good images and write the model."`
	Eval      evalCommand      `cmd:"" help:"Score the test images; write a table and an HTML page."`
	Fit       fitCommand       `cmd:"" help:"label, train, calibrate and, where there are test images, eval."`
	Report    reportCommand    `cmd:"" help:"One table and one page over several evaluated runs."`
	Inspect   inspectCommand   `cmd:"" help:"Judge images with a model."`
	Info      infoCommand      `cmd:"" help:"Describe a model, or list the products of a file."`
	Bundle    bundleCommand    `cmd:"" help:"Put the models of several products into one file."`
	Bench     benchCommand     `cmd:"" help:"Time inspections."`
	Export    exportCommand    `cmd:"" help:"Write a model for other runtimes."`
	Import    importCommand    `cmd:"" help:"Import ImageNet weights of WideResNet-50-2 for profile paper."`
	Pretrain  pretrainCommand  `cmd:"" help:"Train an encoder on pictures drawn from formulas."`
	Version   kong.VersionFlag `help:"Print the version."`
}

// app is what verbs share.
type app struct {
	out  io.Writer
	ctx  context.Context // nil until it is asked for
	stop func()
	// goesOn tells that an interrupted command can be given again.
	goesOn bool
}

// context ends at the user's first signal. The second one, or one that comes
// before a verb asks for this, ends the process at once: a verb that would not
// look at the context must not ask.
func (a *app) context() context.Context {
	if a.ctx == nil {
		a.ctx, a.stop = signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		context.AfterFunc(a.ctx, a.stop)
	}
	return a.ctx
}

func (a *app) close() {
	if a.stop != nil {
		a.stop()
	}
}

func (a *app) printf(format string, args ...any) { fmt.Fprintf(a.out, format, args...) }

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is the whole command; it returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	var c cli
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("aecsad"),
		kong.Description("Visual inspection of manufactured goods, trained on good images only."),
		kong.Vars{"version": version},
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { exited = code; panic(exited) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		panic(err) // the grammar above is wrong
	}
	var k *kong.Context
	func() {
		defer func() {
			if r := recover(); r != nil && exited < 0 {
				panic(r)
			}
		}()
		k, err = parser.Parse(args)
	}()
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintf(stderr, "aecsad: %v\nRun  aecsad --help  for the commands.\n", err)
		return exitInput
	}
	a := &app{out: stdout}
	defer a.close()
	err = k.Run(a)
	var found *anomalousError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &found):
		return exitAnomalous
	case errors.Is(err, context.Canceled):
		hint := ""
		if a.goesOn {
			hint = "; the same command goes on from here"
		}
		fmt.Fprintf(stderr, "aecsad: interrupted%s\n", hint)
		return exitInterrupted
	}
	fmt.Fprintf(stderr, "aecsad: %s\n", strings.TrimSpace(err.Error()))
	return exitInput
}
