#include "blob.h"
void test_task_switch(void)
{
}
