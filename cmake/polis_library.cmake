# polis_library(NAME SOURCES ... [DEPS polis modules ...] [LIBS external ...]
#               [PRIVATE_LIBS external ...])
#
# The only way to declare a module. A module may depend only on modules below it in
# cmake/layers.txt; tools/lint/layers.py compares every #include with the same table.
file(STRINGS "${PROJECT_SOURCE_DIR}/cmake/layers.txt" POLIS_LAYER_LINES REGEX "^[a-z]")

function(polis_allowed_deps module out)
  foreach(line IN LISTS POLIS_LAYER_LINES)
    string(REGEX MATCH "^([a-z0-9/_]+):(.*)$" matched "${line}")
    if(CMAKE_MATCH_1 STREQUAL module)
      string(STRIP "${CMAKE_MATCH_2}" allowed)
      string(REPLACE " " ";" allowed "${allowed}")
      set(${out} "${allowed}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "module '${module}' is not in cmake/layers.txt; add a line for it")
endfunction()

# Without POLIS_PROGRAMS, what no test or fuzz target links is not built.
function(polis_only_if_needed target)
  if(NOT POLIS_PROGRAMS)
    set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL TRUE)
  endif()
endfunction()

function(polis_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS;LIBS;PRIVATE_LIBS" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "polis_library(${name}): unknown arguments ${arg_UNPARSED_ARGUMENTS}")
  endif()
  string(REPLACE "_" "/" module "${name}")
  polis_allowed_deps("${module}" allowed)
  add_library(polis_${name} STATIC ${arg_SOURCES})
  polis_only_if_needed(polis_${name})
  foreach(dep IN LISTS arg_DEPS)
    string(REPLACE "_" "/" dep_module "${dep}")
    if(NOT dep_module IN_LIST allowed)
      message(FATAL_ERROR "${module} may not depend on ${dep_module}: see cmake/layers.txt")
    endif()
    target_link_libraries(polis_${name} PUBLIC polis_${dep})
  endforeach()
  target_link_libraries(polis_${name} PUBLIC polis_flags ${arg_LIBS} PRIVATE ${arg_PRIVATE_LIBS})
endfunction()

# polis_program(NAME SOURCES ... LIBS ...): an executable in build/<preset>/bin.
function(polis_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE polis_flags ${arg_LIBS})
endfunction()
