// Registers the cryptographic half of the kernel; each subject has its own binding file.
#include "bind/crypto.hpp"

void register_crypto(nanobind::module_& m) {
    tickproof::register_witness(m);
    tickproof::register_signatures(m);
    tickproof::register_pairing(m);
    tickproof::register_verify(m);
}
