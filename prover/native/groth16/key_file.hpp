// The container of iden3's binary files (four letters, a version, numbered sections with their sizes) as the kernel reads
// and writes it: reading maps the file and trusts no size in it; writing goes to a temporary file that replaces the
// target only when it is whole and on disk. What a section means is left to proving_key and setup.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "process/errors.hpp"

namespace tickproof {

class MappedFile {
   public:
    // Throws FileFailure.
    explicit MappedFile(const std::string& path);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    std::span<const std::uint8_t> bytes() const { return {data_, size_}; }
    // Tells the system that these bytes will not be read again.
    void forget(std::span<const std::uint8_t> part) const;

   private:
    const std::uint8_t* data_ = nullptr;
    std::size_t size_ = 0;
};

// A reader that refuses to go past the end.
class Cursor {
   public:
    Cursor(std::span<const std::uint8_t> bytes, std::string what) : bytes_(bytes), what_(std::move(what)) {}
    std::span<const std::uint8_t> take(std::uint64_t n);
    std::uint32_t u32();
    std::uint64_t u64();
    std::uint64_t left() const { return bytes_.size(); }
    void end() const;

   private:
    std::span<const std::uint8_t> bytes_;
    std::string what_;
};

struct Sections {
    std::string magic;
    std::map<std::uint32_t, std::span<const std::uint8_t>> by_number;

    bool has(std::uint32_t number) const { return by_number.contains(number); }
    std::span<const std::uint8_t> get(std::uint32_t number, const char* what) const;
    // The section, which must have exactly this size.
    std::span<const std::uint8_t> exactly(std::uint32_t number, std::uint64_t size, const char* what) const;
};

// Throws MalformedInput: wrong letters or version, a section beyond the end or given twice, bytes left over.
Sections read_sections(std::span<const std::uint8_t> file);

class AtomicFile {
   public:
    // Creates a temporary file beside `path`. All members throw FileFailure.
    explicit AtomicFile(std::string path);
    ~AtomicFile();  // removes the temporary file unless commit() was reached
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;

    void write(const void* data, std::size_t size);
    void u32(std::uint32_t x) { write(&x, 4); }
    void u64(std::uint64_t x) { write(&x, 8); }
    void section(std::uint32_t number, std::uint64_t size) {
        u32(number);
        u64(size);
    }
    // Flushes to disk, then takes the target's name.
    void commit();

   private:
    void flush();
    std::string path_, temporary_;
    int descriptor_ = -1;
    std::string buffer_;
};

}  // namespace tickproof
