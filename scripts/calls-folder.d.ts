export declare const CALLS: string;
export declare const COMPLETE: string;
export declare const RECORD: string;
