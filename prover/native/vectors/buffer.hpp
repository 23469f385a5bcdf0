// Aligned scratch memory for the vector kernels, which allocate nothing themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace tickproof::vectors {

// 64-byte aligned memory that is not cleared.
class Buffer {
   public:
    void* need(std::size_t bytes) {
        if (bytes > size_) {
            free();
            // Large ones start on a huge page and ask for them: scattered writes would miss the small pages' buffer.
            align_ = std::align_val_t{bytes >= kHugePage ? kHugePage : 64};
            data_ = static_cast<std::uint8_t*>(::operator new(bytes, align_));
            size_ = bytes;
#if defined(MADV_HUGEPAGE)
            if (bytes >= kHugePage) ::madvise(data_, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);
#endif
        }
        return data_;
    }
    Buffer() = default;
    ~Buffer() { free(); }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

   private:
    void free() {
        if (data_) ::operator delete(data_, align_);
        data_ = nullptr;
        size_ = 0;
    }
    static constexpr std::size_t kHugePage = std::size_t{1} << 21;
    std::align_val_t align_{64};
    std::uint8_t* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace tickproof::vectors
