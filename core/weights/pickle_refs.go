package weights

import (
	"fmt"
	"strconv"
)

// The pickle instructions that refer to something: the memo, globals and
// persistent ids.

func (u *unpickler) store(key int64) error {
	v, err := u.top()
	if err == nil {
		u.memo[key] = v
	}
	return err
}

func (u *unpickler) recall(key int64) error {
	v, ok := u.memo[key]
	if !ok {
		return fmt.Errorf("memo %d is empty", key)
	}
	return u.push(v)
}

func (u *unpickler) put(size uint64) error {
	key, err := u.little(size)
	if err != nil {
		return err
	}
	return u.store(int64(key))
}

func (u *unpickler) get(size uint64) error {
	key, err := u.little(size)
	if err != nil {
		return err
	}
	return u.recall(int64(key))
}

func (u *unpickler) memoize() error { return u.store(int64(len(u.memo))) }

func (u *unpickler) putLine() error {
	key, err := u.keyLine()
	if err != nil {
		return err
	}
	return u.store(key)
}

func (u *unpickler) getLine() error {
	key, err := u.keyLine()
	if err != nil {
		return err
	}
	return u.recall(key)
}

func (u *unpickler) keyLine() (int64, error) {
	s, err := u.line()
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(s, 10, 64)
}

func (u *unpickler) global() error {
	module, err := u.line()
	if err != nil {
		return err
	}
	name, err := u.line()
	if err != nil {
		return err
	}
	return u.pushGlobal(module, name)
}

func (u *unpickler) stackGlobal() error {
	names, err := u.popN(2)
	if err != nil {
		return err
	}
	module, ok := names[0].(string)
	name, also := names[1].(string)
	if !ok || !also {
		return fmt.Errorf("a global named by a %T and a %T", names[0], names[1])
	}
	return u.pushGlobal(module, name)
}

func (u *unpickler) pushGlobal(module, name string) error {
	v, err := u.find(module, name)
	if err != nil {
		return err
	}
	return u.push(v)
}

// reduce calls a global with a tuple of arguments.
func (u *unpickler) reduce() error {
	items, err := u.popN(2)
	if err != nil {
		return err
	}
	f, ok := items[0].(callable)
	args, also := items[1].(tuple)
	if !ok || !also {
		return fmt.Errorf("calls a %T with a %T", items[0], items[1])
	}
	v, err := f(args)
	if err != nil {
		return err
	}
	return u.push(v)
}

// build gives an object its attributes. Only a dict has any that is met with, a
// state dict's _metadata, and they are of no use.
func (u *unpickler) build() error {
	items, err := u.popN(2)
	if err != nil {
		return err
	}
	if _, ok := items[0].(*dict); !ok {
		return fmt.Errorf("gives attributes to a %T", items[0])
	}
	return u.push(items[0])
}

func (u *unpickler) persistent() error {
	id, err := u.pop()
	if err != nil {
		return err
	}
	return u.pushPersistent(id)
}

func (u *unpickler) persistentLine() error {
	id, err := u.line()
	if err != nil {
		return err
	}
	return u.pushPersistent(id)
}

func (u *unpickler) pushPersistent(id any) error {
	v, err := u.load(id)
	if err != nil {
		return err
	}
	return u.push(v)
}
