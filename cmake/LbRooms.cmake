option(LB_UNITY "Compile rooms in batches of files" ON)

# lb_room(<floor> <room> DEPS ...): one folder is one static library and one unit-test program.
#
# The library is lb_<floor>_<room>, of every *.cc in <floor>/<room> (its main.cc files excepted).
# A room below a room is named with a slash ("service/runtime"); its targets have an underscore.
# The tests are unit_<floor>_<room>, of every *_test.cc in tests/unit/<floor>/<room>.
# SUBDIRS lists folders below the room whose sources belong to it as well.
# TEST_DEPS are libraries that only the tests need.
#
# Rooms and their tests are compiled in batches of files (unity builds): most of a file's compile
# time is headers. So names in anonymous namespaces are unique within a room, and within its tests.
# LB_UNITY=OFF compiles file by file.
function(lb_room floor room)
  cmake_parse_arguments(ARG "" "" "DEPS;SUBDIRS;TEST_DEPS" ${ARGN})
  set(dir ${CMAKE_SOURCE_DIR}/${floor}/${room})
  string(REPLACE "/" "_" stem ${room})
  set(lib lb_${floor}_${stem})
  set(patterns ${dir}/*.cc)
  set(test_patterns ${CMAKE_SOURCE_DIR}/tests/unit/${floor}/${room}/*_test.cc)
  foreach(sub ${ARG_SUBDIRS})
    list(APPEND patterns ${dir}/${sub}/*.cc)
    list(APPEND test_patterns ${CMAKE_SOURCE_DIR}/tests/unit/${floor}/${room}/${sub}/*_test.cc)
  endforeach()
  file(GLOB sources CONFIGURE_DEPENDS ${patterns})
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  if(sources)
    add_library(${lib} STATIC ${sources})
    target_link_libraries(${lib} PUBLIC lb_flags ${ARG_DEPS})
    set_target_properties(${lib} PROPERTIES UNITY_BUILD ${LB_UNITY} UNITY_BUILD_BATCH_SIZE 10)
  else()
    add_library(${lib} INTERFACE)
    target_link_libraries(${lib} INTERFACE lb_flags ${ARG_DEPS})
  endif()

  if(LB_BUILD_TESTS)
    file(GLOB tests CONFIGURE_DEPENDS ${test_patterns})
    if(tests)
      lb_unit_test(unit_${floor}_${stem} SOURCES ${tests} DEPS ${lib} ${ARG_TEST_DEPS})
    endif()
  endif()
endfunction()

# lb_unit_test(<name> SOURCES ... DEPS ...): the GoogleTest program <name>, run from the source root.
function(lb_unit_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  set_target_properties(${name} PROPERTIES UNITY_BUILD ${LB_UNITY} UNITY_BUILD_BATCH_SIZE 10)
  # Test code runs once: what the optimizer saves there is less than what it costs. The rooms under
  # test keep their own flags.
  if(LB_SANITIZE)
    target_compile_options(${name} PRIVATE -O0)
  elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(${name} PRIVATE -O1)
  endif()
  set_property(GLOBAL APPEND PROPERTY LB_UNIT_TESTS ${name})
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS unit TIMEOUT 300
                       WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} ENVIRONMENT "${LB_TEST_ENVIRONMENT}")
endfunction()
