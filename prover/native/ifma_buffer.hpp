// Aligned scratch memory for the vector kernels, which allocate nothing themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

namespace tickproof::ifma {

// 64-byte aligned memory that is not cleared.
class Buffer {
   public:
    void* need(std::size_t bytes) {
        if (bytes > size_) {
            free();
            data_ = static_cast<std::uint8_t*>(::operator new(bytes, std::align_val_t{64}));
            size_ = bytes;
        }
        return data_;
    }
    Buffer() = default;
    ~Buffer() { free(); }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

   private:
    void free() {
        if (data_) ::operator delete(data_, std::align_val_t{64});
        data_ = nullptr;
        size_ = 0;
    }
    std::uint8_t* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace tickproof::ifma
