package checkpoint

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// difference names the first key, in alphabetical order, whose values differ
// between two JSON objects, with both values; ok is false where none does.
func difference(path string, was, is map[string]any) (text string, ok bool) {
	keys := slices.Concat(slices.Collect(maps.Keys(was)), slices.Collect(maps.Keys(is)))
	slices.Sort(keys)
	for _, k := range keys {
		a, aIs := was[k].(map[string]any)
		b, bIs := is[k].(map[string]any)
		if aIs && bIs {
			if text, ok := difference(path+k+".", a, b); ok {
				return text, true
			}
			continue
		}
		if !reflect.DeepEqual(was[k], is[k]) {
			return fmt.Sprintf("%s%s was %v, now %v", path, k, was[k], is[k]), true
		}
	}
	return "", false
}

// sameSettings is an error that names what changed since the checkpoint.
func sameSettings(was, is json.RawMessage) error {
	var a, b map[string]any
	if err := json.Unmarshal(was, &a); err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	if err := json.Unmarshal(is, &b); err != nil {
		return err
	}
	if text, ok := difference("", a, b); ok {
		return fmt.Errorf("was made with other settings (%s); delete it to start anew, or restore them to go on", text)
	}
	return nil
}
