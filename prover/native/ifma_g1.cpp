// The vector kernel of G1; see ifma_curve.hpp. Compiled for AVX-512 with IFMA, called only where the processor has it.
#include "ifma_kernel.hpp"

#if defined(__AVX512IFMA__) && defined(__AVX512VBMI2__)

#include "ifma_curve.hpp"

namespace tickproof::ifma {
namespace {

using Group = Curve<FqVec>;

void reduce(const std::uint64_t* buckets, std::size_t n, void* space, std::size_t slots, void* window) {
    Group::reduce_buckets(buckets, n, space, slots, static_cast<Group::Projective*>(window));
}

bool join(const void* windows, const unsigned* widths, std::size_t n, std::uint64_t* out) {
    return Group::join_windows(static_cast<const Group::Projective*>(windows), widths, n, out);
}

const CurveKernel kernel = {Group::kPointWords, sizeof(Group::Projective), Group::space_bytes, Group::sum_chunks,
                            reduce,             join,                      Group::add_arrays};

}  // namespace

const CurveKernel* const g1_kernel = &kernel;

}  // namespace tickproof::ifma

#else

namespace tickproof::ifma {

const CurveKernel* const g1_kernel = nullptr;

}  // namespace tickproof::ifma

#endif
