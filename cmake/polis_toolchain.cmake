# Language level, warnings, sanitizers, output folders: one place, every target alike.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(POLIS_CCACHE ccache)
if(POLIS_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${POLIS_CCACHE}")
endif()

add_library(polis_flags INTERFACE)
target_compile_options(polis_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wimplicit-fallthrough -Wnon-virtual-dtor -Werror)
target_include_directories(polis_flags INTERFACE "${PROJECT_SOURCE_DIR}")
# Messages and debug information name core/hex.cpp, not a folder of the machine that built it.
# ccache hands the compiler paths relative to the build folder, hence the second map.
file(RELATIVE_PATH POLIS_SOURCE_FROM_BUILD "${CMAKE_BINARY_DIR}" "${PROJECT_SOURCE_DIR}")
target_compile_options(polis_flags INTERFACE
  "-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=" "-ffile-prefix-map=${POLIS_SOURCE_FROM_BUILD}=")

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # Mutexes carry thread-safety annotations, which only clang reads.
  target_compile_options(polis_flags INTERFACE -Wthread-safety)
endif()

if(POLIS_SANITIZE)
  add_compile_options(
    -fsanitize=${POLIS_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${POLIS_SANITIZE})
  add_compile_definitions(_GLIBCXX_ASSERTIONS)  # indexes, optionals and iterators of the library
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio's fences are correct and only unknown to TSan; instrumented code of GCC 12 confuses the
    # flow analysis of std::optional and std::variant.
    target_compile_options(polis_flags INTERFACE -Wno-error=tsan -Wno-error=maybe-uninitialized)
  endif()
endif()

if(POLIS_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "POLIS_FUZZ needs clang: use the preset asan")
  endif()
  # Coverage feedback everywhere; a pattern in fresh variables shows bytes that nobody wrote.
  add_compile_options(-fsanitize=fuzzer-no-link -ftrivial-auto-var-init=pattern)
endif()
