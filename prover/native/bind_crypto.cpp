#include <nanobind/nanobind.h>

void register_crypto(nanobind::module_&) {}
