# How every target of the project is built: zp_layer, zp_layer_test and zp_program.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

add_library(zp_options INTERFACE)
target_include_directories(zp_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(zp_options INTERFACE
  -Wall -Wextra -Wconversion
  # Results are exact by contract: a*b+c may only be fused where the code says so.
  -ffp-contract=off
  # floor, nearbyint and friends never report through errno here.
  -fno-math-errno)
if(ZP_WERROR)
  target_compile_options(zp_options INTERFACE -Werror)
endif()
if(ZP_SANITIZE)
  target_compile_options(zp_options INTERFACE
    -fsanitize=${ZP_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(zp_options INTERFACE -fsanitize=${ZP_SANITIZE})
endif()

# zp_layer(NAME SOURCES a.cc ... DEPENDS target ...): the library zp_NAME, alias zp::NAME.
function(zp_layer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(zp_${name} STATIC ${ARG_SOURCES})
  add_library(zp::${name} ALIAS zp_${name})
  target_link_libraries(zp_${name} PUBLIC zp_options ${ARG_DEPENDS})
endfunction()

# zp_layer_test(NAME SOURCES a_test.cc ... [DEPENDS target ...]): bin/NAME_test, each case a ctest.
function(zp_layer_test name)
  if(NOT ZP_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  find_package(GTest REQUIRED)
  include(GoogleTest)
  add_executable(${name}_test ${ARG_SOURCES})
  target_link_libraries(${name}_test PRIVATE zp::${name} ${ARG_DEPENDS} GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${name}_test DISCOVERY_TIMEOUT 60)
endfunction()
