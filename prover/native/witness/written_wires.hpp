// Which wires of a frame are written: the bookkeeping behind "each wire exactly once, and none read before".
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>

namespace tickproof {

// The wires of one frame that are written, as disjoint intervals. Programs write almost in order, so that there are
// few intervals at any time; memory follows the program's size and not the frame's, which a hostile header may inflate.
class WrittenWires {
public:
    // Adds [begin, end); false if some of it was there already.
    bool add(std::uint32_t begin, std::uint32_t end) {
        if (begin == end) return true;
        auto next = intervals_.lower_bound(begin);
        if (next != intervals_.end() && next->first < end) return false;
        if (next != intervals_.begin()) {
            auto previous = std::prev(next);
            if (previous->second > begin) return false;
            if (previous->second == begin) {
                previous->second = end;
                join(previous, next);
                return true;
            }
        }
        auto added = intervals_.emplace_hint(next, begin, end);
        join(added, next);
        return true;
    }

    bool contains(std::uint32_t wire) const {
        auto next = intervals_.upper_bound(wire);
        return next != intervals_.begin() && std::prev(next)->second > wire;
    }

    bool is_exactly(std::uint32_t begin, std::uint32_t end) const {
        if (begin == end) return intervals_.empty();
        return intervals_.size() == 1 && intervals_.begin()->first == begin && intervals_.begin()->second == end;
    }

    // The first wire at or after `from` that is not written.
    std::uint32_t first_gap(std::uint32_t from) const {
        auto next = intervals_.upper_bound(from);
        if (next == intervals_.begin()) return from;
        auto previous = std::prev(next);
        return previous->second > from ? previous->second : from;
    }

    std::size_t pieces() const { return intervals_.size(); }

private:
    using Map = std::map<std::uint32_t, std::uint32_t>;
    void join(Map::iterator left, Map::iterator right) {
        if (right != intervals_.end() && left->second == right->first) {
            left->second = right->second;
            intervals_.erase(right);
        }
    }
    Map intervals_;
};

}  // namespace tickproof
