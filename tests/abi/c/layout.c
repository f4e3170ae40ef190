/* Prints sizes and offsets of the structs of aecsad.h as the compiler has them, in
 * the lines of abi.txt; lines.h is made from abi.txt by run.sh. Compiled as C and
 * as C++. */
#include <stddef.h>
#include <stdio.h>

#include "aecsad.h"

#define STRUCT(s) printf("struct %s size %zu\n", #s, sizeof(s));
#define FIELD(s, f) printf("field %s.%s offset %zu size %zu\n", #s, #f, offsetof(s, f), sizeof(((s *)0)->f));

int main(void) {
#include "lines.h"
    return 0;
}
