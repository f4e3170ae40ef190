package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDerivedFilesAreFresh(t *testing.T) {
	src, err := os.ReadFile("../../capi/aecsad.h")
	require.NoError(t, err)
	h, err := parse(string(src))
	require.NoError(t, err)
	for path, want := range map[string]string{
		"../../capi/abi.txt":                   text(h),
		"../../bindings/python/aecsad/_abi.py": python(h),
	} {
		have, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, want, string(have), "%s is stale: run go generate ./capi", path)
	}
}

const sample = `
/* a comment; with { signs */
#define AECSAD_SIZE 16
typedef int32_t aecsad_status;
enum {
    AECSAD_A = 0, /* first */
    AECSAD_B = 7
};
typedef struct aecsad_thing aecsad_thing;
typedef struct aecsad_error {
    uint32_t struct_size;
    const char *text;
    aecsad_status code;
    char name[AECSAD_SIZE];
    float v[3];
} aecsad_error;
typedef void (*aecsad_fn)(void *user, const char *message);
AECSAD_API const char *aecsad_name(void);
AECSAD_API aecsad_status aecsad_make(const aecsad_error *const *list, size_t n,
                                     aecsad_thing **out);
`

func TestParse(t *testing.T) {
	h, err := parse(sample)
	require.NoError(t, err)
	abi := text(h)
	for _, line := range []string{
		"constant AECSAD_SIZE 16\n", "constant AECSAD_B 7\n",
		"struct aecsad_error size 48\n",
		"field aecsad_error.text offset 8 size 8 type const char *\n",
		"field aecsad_error.name offset 20 size 16 type char[16]\n",
		"field aecsad_error.v offset 36 size 12 type float[3]\n",
		"function const char * aecsad_name()\n",
		"function aecsad_status aecsad_make(const aecsad_error **, size_t, aecsad_thing **)\n",
	} {
		assert.Contains(t, abi, line)
	}
	py := python(h)
	for _, line := range []string{
		`("name", ctypes.c_char * 16),`, `("text", ctypes.c_char_p),`,
		"aecsad_fn = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)",
		"library.aecsad_name.restype = ctypes.c_char_p",
		"library.aecsad_make.argtypes = [ctypes.POINTER(ctypes.POINTER(aecsad_error)), ctypes.c_size_t, ctypes.POINTER(ctypes.c_void_p)]",
		"library.aecsad_make.restype = ctypes.c_int32",
	} {
		assert.Contains(t, py, line)
	}
}

func TestParseRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, src := range []string{"union u { int a; };", "enum { A };", "typedef struct s { int x[n]; } s;", "AECSAD_API int aecsad_f(int (*g)(int));"} {
		_, err := parse(src)
		assert.Error(t, err, src)
	}
}
