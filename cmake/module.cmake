# Where a packet's way goes through several modules, the compiler is to see it as one. Modules that say LINK_TIME hold their
# code twice, as it is and as the compiler's own: programs that ask for it by `visavis_link_time` are optimised as a
# whole, which only GNU's own linker can do; all others, tests first of all, are linked as fast as ever.
find_program(VISAVIS_GNU_LD ld.bfd)
if(VISAVIS_GNU_LD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  set(VISAVIS_LINK_TIME ON)
endif()
function(visavis_link_time program)
  if(VISAVIS_LINK_TIME)
    target_compile_options(${program} PRIVATE -flto=auto)
    target_link_options(${program} PRIVATE -flto=auto -fuse-ld=bfd)
  endif()
endfunction()

# visavis_module(NAME [LINK_TIME] [DEPENDS module...] [LIBRARIES target...] [TEST_LIBRARIES target...] [TEST_DEPENDS module...]):
# one module, a static library built from the module's own folder. Files named *_test.cpp become the module's test
# program (ctest label `unit`), *_sim.cpp its simulated scenarios (label `sim`). DEPENDS must say what tools/layers.txt says;
# LIBRARIES are third-party and stay inside the .cpp files.
function(visavis_test_program name label timeout)
  cmake_parse_arguments(TEST "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${TEST_SOURCES})
  target_link_libraries(${name} PRIVATE ${TEST_LIBRARIES} visavis_sim GTest::gmock GTest::gtest_main)
  target_precompile_headers(${name} PRIVATE <gtest/gtest.h>)
  # ccache's base_dir makes __FILE__ relative to the build folder, and some tests find their files by it.
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_BINARY_DIR})
  set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT ${timeout})
endfunction()

function(visavis_module name)
  cmake_parse_arguments(MODULE "LINK_TIME" "" "DEPENDS;LIBRARIES;TEST_LIBRARIES;TEST_DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${name}/*.cpp)
  file(GLOB tests CONFIGURE_DEPENDS ${name}/*_test.cpp)
  file(GLOB scenarios CONFIGURE_DEPENDS ${name}/*_sim.cpp)
  list(REMOVE_ITEM sources ${tests} ${scenarios})
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  if(CMAKE_CXX_FLAGS_DEBUG MATCHES "fsanitize=thread")
    # They replace `operator new` (sim/allocation_count.hpp), of which TSan links its own; all other builds count.
    list(FILTER tests EXCLUDE REGEX "allocations_test\\.cpp$")
  endif()

  set(kind PUBLIC)
  if(sources)
    add_library(visavis_${name} STATIC ${sources})
    target_link_libraries(visavis_${name} PRIVATE ${MODULE_LIBRARIES})
    if(MODULE_LINK_TIME AND VISAVIS_LINK_TIME)
      target_compile_options(visavis_${name} PRIVATE -flto=auto -ffat-lto-objects)
    endif()
  else()
    add_library(visavis_${name} INTERFACE)
    set(kind INTERFACE)
  endif()
  target_include_directories(visavis_${name} ${kind} $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}>
                             $<INSTALL_INTERFACE:include/visavis>)
  list(TRANSFORM MODULE_DEPENDS PREPEND visavis_ OUTPUT_VARIABLE libraries)
  list(TRANSFORM MODULE_TEST_DEPENDS PREPEND visavis_ OUTPUT_VARIABLE test_libraries)
  target_link_libraries(visavis_${name} ${kind} ${libraries})

  if(VISAVIS_TESTS AND tests)
    visavis_test_program(visavis_${name}_test unit 30 SOURCES ${tests}
                         LIBRARIES visavis_${name} ${test_libraries} ${MODULE_TEST_LIBRARIES})
  endif()
  if(VISAVIS_TESTS AND scenarios)
    visavis_test_program(visavis_${name}_sim_test sim 180 SOURCES ${scenarios}
                         LIBRARIES visavis_${name} ${test_libraries} ${MODULE_TEST_LIBRARIES})
  endif()
endfunction()

include(CheckCXXSymbolExists)

# Lets the target use Intel's multi-buffer cipher library (packages/amd64.txt), where there is one: x86 only, and optional
# there. Debian ships neither a CMake package nor a pkg-config file for it.
function(visavis_ipsec_mb target)
  find_path(IPSEC_MB_INCLUDE_DIR intel-ipsec-mb.h)
  find_library(IPSEC_MB_LIBRARY IPSec_MB)
  if(IPSEC_MB_INCLUDE_DIR AND IPSEC_MB_LIBRARY)
    set(CMAKE_REQUIRED_INCLUDES ${IPSEC_MB_INCLUDE_DIR})
    check_cxx_symbol_exists(IMB_SUBMIT_CIPHER_BURST_NOCHECK intel-ipsec-mb.h IPSEC_MB_HAS_BURSTS)  # Since 1.3.
  endif()
  if(IPSEC_MB_HAS_BURSTS)
    target_compile_definitions(${target} PRIVATE VISAVIS_HAS_IPSEC_MB)
    target_include_directories(${target} SYSTEM PRIVATE ${IPSEC_MB_INCLUDE_DIR})
    target_link_libraries(${target} PRIVATE ${IPSEC_MB_LIBRARY})
  else()
    message(STATUS "no ipsec-mb: SRTP is left to OpenSSL")
  endif()
endfunction()
