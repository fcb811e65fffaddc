# -DPOLIS_TRAINER_ONLY=ON: polis-trainer on a bare machine with a GPU, from libtorch, libsodium and,
# where it is there, zlib. Guide: docs/guides/trainer.md.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
find_package(ZLIB)
set(POLIS_TRAINER ON)
include(polis_torch)

add_subdirectory(core)
add_subdirectory(ml/exact)
add_subdirectory(ml/data)
add_subdirectory(ml/protocol)
add_subdirectory(ml/torch)
