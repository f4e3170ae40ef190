package task_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"aecsad/core/task"
)

func TestWaitSeesTheWork(t *testing.T) {
	n := 0
	task.Start(func() { n = 7 }).Wait()
	assert.Equal(t, 7, n)
}

func TestPanicsAreRaisedWhereTheyAreWaitedFor(t *testing.T) {
	started := task.Start(func() { panic("on purpose") })
	assert.NotPanics(t, started.Join)
	assert.PanicsWithValue(t, "on purpose", started.Wait)
	assert.PanicsWithValue(t, "on purpose", started.Wait, "again")
	var nowhere *[1 << 30]byte
	faulty := task.Start(func() { nowhere[1<<29]++ })
	assert.Panics(t, faulty.Wait)
}
