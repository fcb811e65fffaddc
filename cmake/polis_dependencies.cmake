# Everything comes from Debian 12 packages; `./dev setup` installs them.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
find_package(ZLIB REQUIRED)
find_package(leveldb REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(fmt REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(spdlog REQUIRED)
find_package(prometheus-cpp REQUIRED CONFIG)
pkg_check_modules(TOMLPLUSPLUS REQUIRED IMPORTED_TARGET tomlplusplus)
if(POLIS_TESTS)
  find_package(GTest REQUIRED)
endif()
if(POLIS_BENCH)
  find_package(benchmark REQUIRED)
endif()

# Asio and Beast: their bodies are compiled once, in node/runtime/boost_bodies.cpp.
add_library(polis_boost INTERFACE)
target_link_libraries(polis_boost INTERFACE Boost::headers Threads::Threads)
target_compile_definitions(polis_boost INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
  BOOST_ASIO_DISABLE_BOOST_COROUTINE)
