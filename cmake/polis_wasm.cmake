# C++ for the contract VM: clang 19 for wasm32 without any library, linked by wasm-ld 19.
#
# POLIS_HAVE_WASM says whether both are here. Nothing that users run needs them; what does is left
# out, aloud.
include_guard(GLOBAL)

find_program(POLIS_WASM_CLANG NAMES clang++-19 DOC "clang++ that compiles for wasm32")
find_program(POLIS_WASM_LD NAMES wasm-ld-19 DOC "linker for wasm32")
if(POLIS_WASM_CLANG AND POLIS_WASM_LD)
  set(POLIS_HAVE_WASM TRUE)
else()
  set(POLIS_HAVE_WASM FALSE)
  message(STATUS
    "no clang++-19 or wasm-ld-19: no kernels in polis, no example contracts; "
    "cure: apt-get install clang-19 lld-19")
endif()

# The MVP's instructions only, and no call of a library that nobody links.
set(POLIS_WASM_COMPILE_OPTIONS
  --target=wasm32 -mcpu=mvp -std=c++23 -O2 -ffreestanding -fno-builtin -nostdlib -fno-exceptions
  -fno-rtti -fno-threadsafe-statics -fvisibility=hidden -Wall -Wextra -Wpedantic -Wshadow
  -Wconversion -Wsign-conversion -Werror)
# A maximum is what the chain asks for; it must not be above kMemoryPagesMax of vm/limits.hpp.
set(POLIS_WASM_LINK_OPTIONS
  --no-entry --export-dynamic --gc-sections --strip-all --stack-first -z stack-size=65536
  --max-memory=4194304)

# polis_wasm(NAME SOURCES ... OUTPUT variable [COMPILE_OPTIONS ...] [LINK_OPTIONS ...])
#
# Sets `variable` to the path of NAME.wasm, made when something that depends on it is built.
# Exported is what a source gives default visibility or an export_name. Options come behind the
# usual ones. Includes begin at the root of the tree.
function(polis_wasm name)
  cmake_parse_arguments(arg "" "OUTPUT" "SOURCES;COMPILE_OPTIONS;LINK_OPTIONS" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_OUTPUT OR NOT arg_SOURCES)
    message(FATAL_ERROR "polis_wasm(${name}): give SOURCES and OUTPUT; unknown: "
      "${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT POLIS_HAVE_WASM)
    message(FATAL_ERROR "polis_wasm(${name}): ask POLIS_HAVE_WASM first")
  endif()
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/wasm/${name}")
  file(MAKE_DIRECTORY "${folder}")
  set(objects)
  foreach(source IN LISTS arg_SOURCES)
    cmake_path(ABSOLUTE_PATH source NORMALIZE OUTPUT_VARIABLE path)
    cmake_path(GET path STEM stem)
    set(object "${folder}/${stem}.o")
    add_custom_command(
      OUTPUT "${object}"
      COMMAND "${POLIS_WASM_CLANG}" ${POLIS_WASM_COMPILE_OPTIONS} -I "${PROJECT_SOURCE_DIR}"
        "-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=" ${arg_COMPILE_OPTIONS}
        -MD -MF "${object}.d" -MT "${object}" -c "${path}" -o "${object}"
      DEPENDS "${path}"
      DEPFILE "${object}.d"
      COMMENT "wasm32 ${name}: ${stem}"
      VERBATIM)
    list(APPEND objects "${object}")
  endforeach()
  set(module "${folder}/${name}.wasm")
  add_custom_command(
    OUTPUT "${module}"
    COMMAND "${POLIS_WASM_LD}" ${POLIS_WASM_LINK_OPTIONS} ${arg_LINK_OPTIONS} ${objects}
      -o "${module}"
    DEPENDS ${objects}
    COMMENT "wasm32 ${name}"
    VERBATIM)
  set(${arg_OUTPUT} "${module}" PARENT_SCOPE)
endfunction()

# polis_embed(SYMBOL FILE OUTPUT variable): a C++ source that holds the bytes of FILE as
# `extern const unsigned char SYMBOL[]` and `extern const unsigned long SYMBOL_size`.
function(polis_embed symbol file)
  cmake_parse_arguments(arg "" "OUTPUT" "" ${ARGN})
  set(source "${CMAKE_CURRENT_BINARY_DIR}/wasm/${symbol}.cpp")
  add_custom_command(
    OUTPUT "${source}"
    COMMAND "${CMAKE_COMMAND}" "-DSYMBOL=${symbol}" "-DFILE=${file}" "-DSOURCE=${source}"
      -P "${PROJECT_SOURCE_DIR}/cmake/polis_embed_bytes.cmake"
    DEPENDS "${file}" "${PROJECT_SOURCE_DIR}/cmake/polis_embed_bytes.cmake"
    COMMENT "bytes of ${symbol}"
    VERBATIM)
  set(${arg_OUTPUT} "${source}" PARENT_SCOPE)
endfunction()
