# polis_contract(NAME SOURCES ...): a contract in C++ with the headers of vm/sdk.
#
# Makes build/<preset>/contracts/NAME.wasm, with its interface in the section "polis.abi", and
# NAME.abi.json beside it; the target contract_NAME. The first source has POLIS_CONTRACT. Outside of
# this tree `polis contract build` does the same.
include_guard(GLOBAL)
include(polis_wasm)

set(POLIS_CONTRACTS_DIR "${CMAKE_BINARY_DIR}/contracts")

# 16 KiB of stack: with data and heap a small contract begins with one page of memory.
set(POLIS_CONTRACT_LINK_OPTIONS -z stack-size=16384)

function(polis_contract name)
  cmake_parse_arguments(arg "" "" "SOURCES" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
    message(FATAL_ERROR "polis_contract(${name}): give SOURCES; unknown: "
      "${arg_UNPARSED_ARGUMENTS}")
  endif()
  polis_wasm(${name}
    SOURCES ${arg_SOURCES} LINK_OPTIONS ${POLIS_CONTRACT_LINK_OPTIONS} OUTPUT module)
  list(GET arg_SOURCES 0 source)
  cmake_path(ABSOLUTE_PATH source NORMALIZE OUTPUT_VARIABLE path)
  set(object "${CMAKE_CURRENT_BINARY_DIR}/wasm/${name}/abi.o")
  add_custom_command(
    OUTPUT "${object}"
    COMMAND "${POLIS_WASM_CLANG}" ${POLIS_WASM_COMPILE_OPTIONS} -I "${PROJECT_SOURCE_DIR}"
      -DPOLIS_ABI -MD -MF "${object}.d" -MT "${object}" -c "${path}" -o "${object}"
    DEPENDS "${path}"
    DEPFILE "${object}.d"
    COMMENT "interface of contract ${name}"
    VERBATIM)
  set(outputs "${POLIS_CONTRACTS_DIR}/${name}.wasm" "${POLIS_CONTRACTS_DIR}/${name}.abi.json")
  file(MAKE_DIRECTORY "${POLIS_CONTRACTS_DIR}")
  add_custom_command(
    OUTPUT ${outputs}
    COMMAND polis_contract_embed "${object}" "${module}" ${outputs}
    DEPENDS polis_contract_embed "${object}" "${module}"
    COMMENT "contract ${name}"
    VERBATIM)
  add_custom_target(contract_${name} DEPENDS ${outputs})
endfunction()
