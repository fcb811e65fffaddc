// The bodies of Asio and Beast, once for the whole program: polis_boost declares them only.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
