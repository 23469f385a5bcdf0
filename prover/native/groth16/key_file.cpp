#include "groth16/key_file.hpp"

#include <cerrno>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tickproof {
namespace {

constexpr std::uint32_t max_sections = 64;

[[noreturn]] void fail(const std::string& action, const std::string& path) {
    throw FileFailure(action + " " + path + ": " + std::strerror(errno));
}

}  // namespace

MappedFile::MappedFile(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) fail("cannot open", path);
    struct stat info {};
    if (::fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
        ::close(descriptor);
        throw FileFailure("not a regular file: " + path);
    }
    size_ = static_cast<std::size_t>(info.st_size);
    if (size_ > 0) {
        void* p = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
        if (p == MAP_FAILED) {
            ::close(descriptor);
            fail("cannot map", path);
        }
        data_ = static_cast<const std::uint8_t*>(p);
        ::madvise(p, size_, MADV_WILLNEED);
    }
    ::close(descriptor);
}

MappedFile::~MappedFile() {
    if (data_) ::munmap(const_cast<std::uint8_t*>(data_), size_);
}

void MappedFile::forget(std::span<const std::uint8_t> part) const {
    const std::uintptr_t page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto begin = (reinterpret_cast<std::uintptr_t>(part.data()) + page - 1) / page * page;
    const auto end = reinterpret_cast<std::uintptr_t>(part.data() + part.size()) / page * page;
    if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

std::span<const std::uint8_t> Cursor::take(std::uint64_t n) {
    if (n > bytes_.size()) throw MalformedInput(what_ + " is truncated");
    const auto out = bytes_.first(n);
    bytes_ = bytes_.subspan(n);
    return out;
}

std::uint32_t Cursor::u32() {
    std::uint32_t x;
    std::memcpy(&x, take(4).data(), 4);
    return x;
}

std::uint64_t Cursor::u64() {
    std::uint64_t x;
    std::memcpy(&x, take(8).data(), 8);
    return x;
}

void Cursor::end() const {
    if (!bytes_.empty()) throw MalformedInput(what_ + " has " + std::to_string(bytes_.size()) + " bytes too many");
}

std::span<const std::uint8_t> Sections::get(std::uint32_t number, const char* what) const {
    const auto found = by_number.find(number);
    if (found == by_number.end()) throw MalformedInput(std::string("the file has no section for ") + what);
    return found->second;
}

std::span<const std::uint8_t> Sections::exactly(std::uint32_t number, std::uint64_t size, const char* what) const {
    const auto section = get(number, what);
    if (section.size() != size)
        throw MalformedInput(std::string("section ") + what + " has " + std::to_string(section.size()) +
                             " bytes, the header implies " + std::to_string(size));
    return section;
}

Sections read_sections(std::span<const std::uint8_t> file) {
    Cursor cursor(file, "the file");
    const auto letters = cursor.take(4);
    Sections out;
    out.magic.assign(letters.begin(), letters.end());
    if (out.magic != "zkey" && out.magic != "tkey" && out.magic != "wtns")
        throw MalformedInput("not a .zkey, .tkey or .wtns file");
    const std::uint32_t version = cursor.u32();
    if (version != (out.magic == "wtns" ? 2u : 1u))
        throw MalformedInput("a ." + out.magic + " file of container version " + std::to_string(version));
    const std::uint32_t count = cursor.u32();
    if (count > max_sections) throw MalformedInput("a file of " + std::to_string(count) + " sections");
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint32_t number = cursor.u32();
        const std::uint64_t size = cursor.u64();
        if (!out.by_number.emplace(number, cursor.take(size)).second)
            throw MalformedInput("section " + std::to_string(number) + " occurs twice");
    }
    cursor.end();
    return out;
}

AtomicFile::AtomicFile(std::string path) : path_(std::move(path)), temporary_(path_ + ".XXXXXX") {
    descriptor_ = ::mkstemp(temporary_.data());
    if (descriptor_ < 0) fail("cannot create a file beside", path_);
}

AtomicFile::~AtomicFile() {
    if (descriptor_ < 0) return;
    ::close(descriptor_);
    ::unlink(temporary_.c_str());
}

void AtomicFile::flush() {
    const char* data = buffer_.data();
    std::size_t left = buffer_.size();
    while (left > 0) {
        const ssize_t n = ::write(descriptor_, data, left);
        if (n < 0) {
            if (errno == EINTR) continue;
            fail("cannot write", temporary_);
        }
        data += n;
        left -= static_cast<std::size_t>(n);
    }
    buffer_.clear();
}

void AtomicFile::write(const void* data, std::size_t size) {
    buffer_.append(static_cast<const char*>(data), size);
    if (buffer_.size() > (1u << 20)) flush();
}

void AtomicFile::commit() {
    flush();
    if (::fchmod(descriptor_, 0644) != 0 || ::fsync(descriptor_) != 0) fail("cannot flush", temporary_);
    if (::close(descriptor_) != 0) {
        descriptor_ = -1;
        ::unlink(temporary_.c_str());
        fail("cannot close", temporary_);
    }
    descriptor_ = -1;
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
        ::unlink(temporary_.c_str());
        fail("cannot replace", path_);
    }
    // The new name survives a power cut only once its directory is on disk.
    const std::size_t slash = path_.rfind('/');
    const std::string directory = slash == std::string::npos ? "." : path_.substr(0, slash + 1);
    const int d = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d >= 0) {
        ::fsync(d);
        ::close(d);
    }
}

}  // namespace tickproof
