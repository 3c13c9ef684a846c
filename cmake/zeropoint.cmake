# How every target of the project is built: zp_layer and zp_layer_test.

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
  # g++ 12's vectorizer of straight-line code takes two conversions double -> float -> double side
  # by side for no operation, so that numbers stay unrounded (-O2 and up, 12.2).
  $<$<CXX_COMPILER_ID:GNU>:-fno-tree-slp-vectorize>
  # floor, nearbyint and friends never report through errno here.
  -fno-math-errno)
if(ZP_WERROR)
  target_compile_options(zp_options INTERFACE -Werror)
endif()
if(ZP_SANITIZE)
  target_compile_options(zp_options INTERFACE
    -fsanitize=${ZP_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
    # g++ takes what the sanitizers insert for uses of uninitialized variables.
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(zp_options INTERFACE -fsanitize=${ZP_SANITIZE})
endif()

# zp_layer(NAME SOURCES a.cc ... DEPENDS target ...): the library zp_NAME, alias zp::NAME.
function(zp_layer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(zp_${name} STATIC ${ARG_SOURCES})
  add_library(zp::${name} ALIAS zp_${name})
  target_link_libraries(zp_${name} PUBLIC zp_options ${ARG_DEPENDS})
endfunction()

# zp_layer_test(NAME SOURCES a_test.cc ... [LAYER layer] [DEPENDS target ...] [LABELS long]
#               [TIMEOUT seconds]): bin/NAME_test, each of its cases one ctest "NAME.Suite.Case".
#
# LAYER is the library under test, by default NAME itself. The label `long` keeps a program's cases
# out of ./run-tests; ./run-tests --all has them. A layer's fast and long cases are two programs:
#
#   zp_layer_test(numerics SOURCES params_test.cc)
#   zp_layer_test(numerics_long LAYER numerics LABELS long SOURCES all_floats_test.cc)
#
# Parameterized cases are called what their name generator says (PrintToStringParamName, a lambda).
# A case that runs longer than TIMEOUT (120 s; 3600 s where long) fails.
function(zp_layer_test name)
  if(NOT ZP_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "LAYER;TIMEOUT" "SOURCES;DEPENDS;LABELS" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS OR NOT ARG_SOURCES)
    message(FATAL_ERROR "zp_layer_test(${name}): expected SOURCES, got \"${ARG_UNPARSED_ARGUMENTS}\"")
  endif()
  if(NOT ARG_LAYER)
    set(ARG_LAYER ${name})
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
    if("long" IN_LIST ARG_LABELS)
      set(ARG_TIMEOUT 3600)
    endif()
  endif()
  find_package(GTest REQUIRED)
  include(GoogleTest)
  add_executable(${name}_test ${ARG_SOURCES})
  target_compile_definitions(${name}_test PRIVATE ZP_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_link_libraries(${name}_test PRIVATE
    zp::${ARG_LAYER} ${ARG_DEPENDS} GTest::gmock GTest::gtest_main)
  # A fresh ./run-tests is mostly compiling. Tests that take long are long, and keep -O3; what the
  # others repeat often is in the libraries.
  if(NOT ARG_LABELS)
    target_compile_options(${name}_test PRIVATE $<$<CONFIG:Release>:-O1>)
  endif()
  # clang-tidy reads what users get; over GoogleTest's macros it takes minutes.
  set_target_properties(${name}_test PROPERTIES CXX_CLANG_TIDY "")
  set(properties TIMEOUT ${ARG_TIMEOUT})
  if(ARG_LABELS)
    # gtest_discover_tests takes lists apart, so that a second label would be lost silently.
    list(LENGTH ARG_LABELS count)
    if(count GREATER 1)
      message(FATAL_ERROR "zp_layer_test(${name}): expected one label, got \"${ARG_LABELS}\"")
    endif()
    list(APPEND properties LABELS ${ARG_LABELS})
  endif()
  gtest_discover_tests(${name}_test
    TEST_PREFIX ${name}. PROPERTIES ${properties} NO_PRETTY_VALUES DISCOVERY_TIMEOUT 60)
endfunction()
