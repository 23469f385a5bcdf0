// Python's view of the engine: threads, the choice of arithmetic, sums of points and transforms. Bytes in, bytes out.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <bit>
#include <limits>

#include "bind/crypto.hpp"
#include "curve/curve.hpp"
#include "process/threads.hpp"
#include "sums/msm.hpp"
#include "transforms/ntt.hpp"

namespace nb = nanobind;
using namespace tickproof;

void register_groth16(nb::module_& m);

namespace {

template <class G>
nb::bytes msm_bytes(const nb::bytes& bases, const nb::bytes& scalars, unsigned window) {
    const auto base_bytes = copy_bytes(bases);
    const auto scalar_bytes = copy_bytes(scalars);
    return bytes_of(G::affine_bytes, [&](std::uint8_t* out) {
        if (base_bytes.size() % G::affine_bytes || scalar_bytes.size() % 32) throw MalformedInput("not a whole number of elements");
        const std::size_t n = scalar_bytes.size() / 32;
        if (base_bytes.size() / G::affine_bytes != n) throw MalformedInput("as many points as scalars are needed");
        std::vector<Affine<G>> points(n);
        std::vector<Limbs> k(n);
        threads::parallel_ranges(n, 16, [&](std::size_t begin, std::size_t end) {
            for (std::size_t i = begin; i < end; ++i) {
                points[i] = point_from_bytes<G>(base_bytes.data() + i * G::affine_bytes, Infinity::allowed);
                k[i] = Fr::from_bytes_le(scalar_bytes.data() + 32 * i).canonical();
            }
        });
        msm<G>(reinterpret_cast<const std::uint8_t*>(points.data()), k.data(), n, nullptr, window).to_bytes(out);
    });
}

unsigned log_of(std::size_t n) {
    if (n == 0 || !std::has_single_bit(n)) throw MalformedInput("the number of elements must be a power of two");
    return static_cast<unsigned>(std::countr_zero(n));
}

nb::bytes ntt_bytes(const nb::bytes& values, bool inverse) {
    const auto bytes = copy_bytes(values);
    return bytes_of(bytes.size(), [&](std::uint8_t* out) {
        std::vector<Fr> v = scalars_from(bytes, "values");
        ntt(*Domain::get(log_of(v.size())), v.data(), inverse);
        for (std::size_t i = 0; i < v.size(); ++i) v[i].to_bytes_le(out + 32 * i);
    });
}

nb::bytes quotient_bytes(const nb::bytes& a_values, const nb::bytes& b_values) {
    const auto a_bytes = copy_bytes(a_values);
    const auto b_bytes = copy_bytes(b_values);
    return bytes_of(a_bytes.size(), [&](std::uint8_t* out) {
        std::vector<Fr> a = scalars_from(a_bytes, "a"), b = scalars_from(b_bytes, "b");
        if (a.size() != b.size()) throw MalformedInput("a and b differ in length");
        const auto domain = Domain::get(log_of(a.size()));
        std::vector<Fr> c(a.size());
        quotient_on_coset(*domain, a.data(), b.data(), c.data());
        for (std::size_t i = 0; i < a.size(); ++i) limbs::store_le(a[i].v, out + 32 * i);
    });
}

void set_engine(const std::string& name) {
    if (name.empty()) throw BadSetting("an engine has a name: portable, adx, avx2 or ifma");
    choose_engine(engine_named(name.c_str(), features()));
}

const char* engine_in_use() {
    require_engine();
    return engine_name(engine);
}

std::vector<std::string> engines() {
    std::vector<std::string> out;
    for (const Engine e : all_engines)
        if (engine_runs(e)) out.push_back(engine_name(e));
    return out;
}

void set_threads(const nb::int_& count) {
    int overflow = 0;
    const long long n = PyLong_AsLongLongAndOverflow(count.ptr(), &overflow);
    threads::set_count(overflow > 0 ? std::numeric_limits<long long>::max() : n);
}

}  // namespace

void register_core(nb::module_& m) {
    m.def("set_threads", &set_threads, nb::arg("count"),
          "Threads that calls use from now on, the caller's included: 1 to 1024, or 0 for one per processor. Results never depend on "
          "it. Where the system refuses a thread, calls go on with fewer. Raises BadSetting for any other number.");
    m.def("threads", &threads::count, "Threads that calls use, the caller's included.");
    m.def("set_engine", &set_engine, nb::arg("name"),
          "Choose the arithmetic: 'portable', 'adx', 'avx2' or 'ifma'. Same results; not to be changed while another thread computes. "
          "Raises BadSetting for another name, or if the processor or the build lacks it.");
    m.def("engines", &engines, "The arithmetics that this build and this processor have, slowest first.");
    m.def("engine", &engine_in_use,
          "The arithmetic in use: 'portable', 'adx', 'avx2' or 'ifma'. Raises BadSetting, as every call that computes does, if the "
          "environment variable TICKPROOF_ENGINE names none that runs here.");
    m.def("msm_g1", &msm_bytes<G1>, nb::arg("bases"), nb::arg("scalars"), nb::arg("window") = 0,
          "Sum of scalars[i] * bases[i] over G1. Every point is checked; infinity is allowed. window: 0, or 3 to 16 bits.");
    m.def("msm_g2", &msm_bytes<G2>, nb::arg("bases"), nb::arg("scalars"), nb::arg("window") = 0,
          "Sum of scalars[i] * bases[i] over G2. Every point is checked, subgroup included; infinity is allowed.");
    m.def("ntt", &ntt_bytes, nb::arg("values"), nb::arg("inverse"),
          "out[k] = sum of values[j] omega^(jk) over a power-of-two domain, natural order; the inverse undoes it.");
    m.def("quotient_on_coset", &quotient_bytes, nb::arg("a"), nb::arg("b"),
          "From the values of A and B on a domain of size N: (A B - C)(g omega^i), C interpolating a[i] b[i], g^2 = omega.");
    register_groth16(m);
}
