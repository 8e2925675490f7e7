#include "exits.h"
#include "report.h"
void exit_task_switch(void)
{
    report_end(TESTVISOR_END_UNSUPPORTED, "task switch");
}
