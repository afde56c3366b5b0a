#include "support/sqlite_kill.hpp"

BOOST_AUTO_TEST_CASE(two_thousand_kills_lose_no_acknowledged_rotation) { afresh::test::kill_a_rotating_process(2000); }
