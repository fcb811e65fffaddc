# Targets that check the product: tests, fuzz targets, benchmarks.

# Sets `out` to TRUE when POLIS_TEST_LABELS asks for one of the labels that follow.
function(polis_wants_labels out)
  set(${out} FALSE PARENT_SCOPE)
  if(NOT POLIS_TEST_LABELS)
    set(${out} TRUE PARENT_SCOPE)
  endif()
  foreach(label IN LISTS ARGN)
    if(label IN_LIST POLIS_TEST_LABELS)
      set(${out} TRUE PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

# polis_test_objects(NAME SOURCES ... LIBS ...): what several targets below link beside their own
# sources, compiled once. A target names it among its LIBS.
function(polis_test_objects name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBS" ${ARGN})
  add_library(${name} OBJECT EXCLUDE_FROM_ALL ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC polis_flags ${arg_LIBS})
endfunction()

# polis_test(NAME SOURCES ... LIBS ... [LABELS ...] [TIMEOUT seconds]): one GoogleTest binary a
# module. A test that starts threads adds the label `threads`, which ThreadSanitizer runs.
# The sources of a test are compiled without optimisation, in two thirds of the time; what they test
# is not. With sanitizers the tests would take twice as long then, which is more than is saved.
function(polis_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LIBS;LABELS" ${ARGN})
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  polis_wants_labels(wanted ${arg_LABELS})
  if(NOT wanted)
    return()
  endif()
  polis_program(${name}
    SOURCES ${arg_SOURCES}
    LIBS ${arg_LIBS} GTest::gtest GTest::gmock GTest::gtest_main)
  if(NOT POLIS_SANITIZE)
    target_compile_options(${name} PRIVATE -O0)
  endif()
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
  set_tests_properties(${name} PROPERTIES LABELS "${arg_LABELS}" TIMEOUT ${arg_TIMEOUT})
  if(POLIS_SANITIZE MATCHES thread)
    set_tests_properties(${name} PROPERTIES
      ENVIRONMENT "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/cmake/tsan.supp")
  endif()
endfunction()

# polis_fuzz(NAME_fuzz SOURCES ... LIBS ... [INPUTS count]): a source that defines
# LLVMFuzzerTestOneInput, with a seed corpus in tests/fuzz/corpus/NAME.
# With POLIS_FUZZ (clang) it is a libFuzzer program. Otherwise tests/fuzz/replay_main.cpp drives the
# same source over the corpus and INPUTS mutated inputs, as the ctest NAME_fuzz, label fuzz_smoke.
function(polis_fuzz name)
  cmake_parse_arguments(arg "" "INPUTS" "SOURCES;LIBS" ${ARGN})
  if(NOT name MATCHES "^(.+)_fuzz$")
    message(FATAL_ERROR "polis_fuzz(${name}): the name must end in _fuzz")
  endif()
  set(corpus "${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${CMAKE_MATCH_1}")
  if(NOT IS_DIRECTORY "${corpus}")
    message(FATAL_ERROR "polis_fuzz(${name}): ${corpus} is missing; add a few valid inputs there")
  endif()
  if(POLIS_FUZZ)
    polis_program(${name} SOURCES ${arg_SOURCES} LIBS ${arg_LIBS})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    return()
  endif()
  polis_wants_labels(wanted fuzz_smoke)
  if(NOT wanted)
    return()
  endif()
  if(NOT arg_INPUTS)
    set(arg_INPUTS 200000)
  endif()
  polis_program(${name}
    SOURCES ${arg_SOURCES} LIBS ${arg_LIBS} test_replay_main polis_core)
  add_test(NAME ${name} COMMAND ${name} "${corpus}" ${arg_INPUTS})
  set_tests_properties(${name} PROPERTIES LABELS fuzz_smoke TIMEOUT 300)
endfunction()

# polis_bench(NAME_bench SOURCES ... LIBS ...): a Google Benchmark program; `./dev bench` runs it.
function(polis_bench name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBS" ${ARGN})
  if(NOT name MATCHES "_bench$")
    message(FATAL_ERROR "polis_bench(${name}): the name must end in _bench")
  endif()
  if(POLIS_BENCH)
    polis_program(${name} SOURCES ${arg_SOURCES} LIBS ${arg_LIBS} benchmark::benchmark_main)
  endif()
endfunction()
