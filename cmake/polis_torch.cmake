# Sets POLIS_HAVE_TORCH, and gives polis_torch_flags: libtorch for ml/torch and its tests, nothing
# else. AUTO leaves the trainer out where it cannot be built: libtorch 1.13 is no code for clang,
# and sanitizers would find the library's own faults.
set(POLIS_HAVE_TORCH FALSE)
set(obstacle "")
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(obstacle "libtorch needs GCC")
elseif(POLIS_SANITIZE)
  set(obstacle "libtorch is not instrumented for sanitizers")
elseif(NOT POLIS_TRAINER)
  set(obstacle "POLIS_TRAINER is OFF")
else()
  # Debian's package asks for the deprecated names of modules; not our business.
  set(CMAKE_WARN_DEPRECATED OFF)
  find_package(Torch QUIET)
  set(CMAKE_WARN_DEPRECATED ON)
  if(NOT TORCH_FOUND)
    set(obstacle "libtorch is not found; install libtorch-dev or set Torch_DIR")
  endif()
endif()

if(obstacle)
  if(POLIS_TRAINER STREQUAL "ON")
    message(FATAL_ERROR "polis-trainer cannot be built: ${obstacle}")
  endif()
  message(STATUS "without polis-trainer: ${obstacle}")
  return()
endif()
set(POLIS_HAVE_TORCH TRUE)
message(STATUS "polis-trainer with libtorch ${Torch_VERSION}")

# The imported targets of libtorch carry a language level and options of their own; only its
# folders and libraries are taken. SYSTEM: its headers do not meet our warnings.
add_library(polis_torch_flags INTERFACE)
target_include_directories(polis_torch_flags SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
target_link_libraries(polis_torch_flags INTERFACE ${TORCH_LIBRARIES})
