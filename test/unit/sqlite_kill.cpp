#include "support/sqlite_kill.hpp"

BOOST_AUTO_TEST_CASE(a_hundred_kills_lose_no_acknowledged_rotation) { afresh::test::kill_a_rotating_process(100); }
