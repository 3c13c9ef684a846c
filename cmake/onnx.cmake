# The libraries that come from PyPI: ONNX (target onnx, built by scripts/setup.sh into build/onnx) and
# OpenVINO (target openvino::runtime, out of the wheel in build/venv).

# Where ./quickstart and ./run-tests put them; other places: -DONNX_DIR=, -DOpenVINO_DIR=.
if(NOT ONNX_DIR)
  set(ONNX_DIR ${CMAKE_SOURCE_DIR}/build/onnx/lib/cmake/ONNX)
endif()
if(NOT OpenVINO_DIR)
  file(GLOB OpenVINO_DIR
    ${CMAKE_SOURCE_DIR}/build/venv/lib/python3*/site-packages/openvino/cmake)
endif()
# The library links the TBB that OpenVINO brings, so that a program has one of them.
set(TBB_DIR ${OpenVINO_DIR})

find_package(Protobuf REQUIRED)
find_package(ONNX REQUIRED CONFIG)
find_package(OpenVINO REQUIRED CONFIG COMPONENTS Runtime)
# Their headers are not ours to warn about.
foreach(target ONNX::onnx ONNX::onnx_proto openvino::runtime)
  if(TARGET ${target})
    get_target_property(folders ${target} INTERFACE_INCLUDE_DIRECTORIES)
    if(folders)
      set_target_properties(${target} PROPERTIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${folders}")
    endif()
  endif()
endforeach()
