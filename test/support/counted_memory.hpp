#pragma once
// How much the calling thread holds. The program that includes this (in one file) gets a replaced operator new.

#include <malloc.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace afresh::test {

struct counted_memory {
    static inline thread_local std::int64_t now = 0;
    static inline thread_local std::int64_t most = 0;

    // From here on; says by how much the peak stood above what was held at the beginning.
    counted_memory() : before_(now) { most = now; }
    std::int64_t peak() const { return most - before_; }

    static void* take(std::size_t size)
    {
        void* const p = std::malloc(size);
        if (!p) throw std::bad_alloc();
        now += static_cast<std::int64_t>(malloc_usable_size(p));
        most = std::max(most, now);
        return p;
    }
    static void give(void* p)
    {
        now -= static_cast<std::int64_t>(malloc_usable_size(p));
        std::free(p);
    }

private:
    const std::int64_t before_;
};

} // namespace afresh::test

void* operator new(std::size_t size) { return afresh::test::counted_memory::take(size); }
void* operator new[](std::size_t size) { return afresh::test::counted_memory::take(size); }
void operator delete(void* p) noexcept { afresh::test::counted_memory::give(p); }
void operator delete[](void* p) noexcept { afresh::test::counted_memory::give(p); }
void operator delete(void* p, std::size_t) noexcept { afresh::test::counted_memory::give(p); }
void operator delete[](void* p, std::size_t) noexcept { afresh::test::counted_memory::give(p); }
