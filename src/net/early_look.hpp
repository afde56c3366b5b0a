#pragma once
// Whether to look for an answer before waiting for it. Pure.

#include <algorithm>

namespace afresh::net {

// On a busy thread an answer is there by the time others have had their turn, and looking spares the system a wait. On
// an idle one it never is: what does not pay is tried less and less often.
class early_look {
public:
    // Before each answer. True: look, and say found().
    bool is_due() noexcept
    {
        if (left_out_ == 0) return true;
        --left_out_;
        return false;
    }
    void found(bool something) noexcept
    {
        misses_ = something ? 0 : std::min(2 * misses_ + 1, 127U);
        left_out_ = misses_ / 2; // one alone means nothing
    }

private:
    unsigned misses_{};   // in a row: 1, 3, 7, ...; 0: none
    unsigned left_out_{}; // answers that are not looked for
};

} // namespace afresh::net
