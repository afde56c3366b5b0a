#define BOOST_TEST_MODULE afresh
#include <boost/test/unit_test.hpp>
