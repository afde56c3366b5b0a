// The example of a fleet, over a real PostgreSQL.

#include "support/postgres_fixture.hpp"

#include <cstdlib>
#include <string>

using namespace afresh::test;

BOOST_AUTO_TEST_CASE(the_example_of_a_fleet_runs_over_postgres)
{
    const postgres_server database;
    const std::string command = std::string("sh ") + EXAMPLE_RUN + " " + EXAMPLE_AFRESH + " " + EXAMPLE_FLEET + " \"" +
                                database.conninfo() + "\"";
    BOOST_TEST(std::system(command.c_str()) == 0);
    BOOST_TEST(database.sql("SELECT generation > 1 FROM afresh_chain") == "t");
}
